//! What is reviewed of a shop, in JSON.

use domain::restaurant::{Bank, BusinessNumber, Category, Registration, Seller, SettlementAccount};
use domain::{LatLon, Refused, UserId, fault};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::CategoryWords;
use crate::kit::Position;

/// Where a registration stands within the request for a new shop.
pub(super) const REGISTRATION: &str = "/registration";

/// Who sells.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSeller)]
pub(super) struct NewSellerBody {
    /// The name of the business (상호).
    #[schema(format = "text", min_length = 1, max_length = 60, example = "역삼식품")]
    business_name: String,
    /// Who represents it (대표자).
    #[schema(format = "text", min_length = 1, max_length = 50)]
    representative: String,
    /// The business registration number (사업자등록번호), with its check digit.
    #[schema(
        format = "business-number",
        pattern = "^[0-9]{3}-?[0-9]{2}-?[0-9]{5}$",
        example = "124-81-00998"
    )]
    business_number: String,
    /// The number of the mail-order notification (통신판매업신고번호); null for who is exempt.
    #[schema(format = "mail-order-number", min_length = 1, max_length = 40, example = "2026-서울강남-01234")]
    mail_order_number: Option<String>,
    /// The address of the business, with its detail.
    #[schema(format = "text", min_length = 1, max_length = 200, example = "서울 강남구 테헤란로 123, 1층")]
    address: String,
}

/// A bank, by the code of the Korea Financial Telecommunications and Clearings Institute (금융결제원).
#[derive(ToSchema)]
#[schema(as = Bank)]
#[expect(dead_code, reason = "it exists for its schema; Bank itself is what travels")]
pub(super) enum BankWords {
    /// 산업은행
    #[schema(rename = "002")]
    Kdb,
    /// 기업은행
    #[schema(rename = "003")]
    Ibk,
    /// 국민은행
    #[schema(rename = "004")]
    Kookmin,
    /// 수협은행
    #[schema(rename = "007")]
    Suhyup,
    /// 농협은행
    #[schema(rename = "011")]
    Nonghyup,
    /// 우리은행
    #[schema(rename = "020")]
    Woori,
    /// SC제일은행
    #[schema(rename = "023")]
    Sc,
    /// 한국씨티은행
    #[schema(rename = "027")]
    Citi,
    /// 아이엠뱅크
    #[schema(rename = "031")]
    Im,
    /// 부산은행
    #[schema(rename = "032")]
    Busan,
    /// 광주은행
    #[schema(rename = "034")]
    Gwangju,
    /// 제주은행
    #[schema(rename = "035")]
    Jeju,
    /// 전북은행
    #[schema(rename = "037")]
    Jeonbuk,
    /// 경남은행
    #[schema(rename = "039")]
    Kyongnam,
    /// 새마을금고
    #[schema(rename = "045")]
    Kfcc,
    /// 신협
    #[schema(rename = "048")]
    Shinhyup,
    /// 우체국
    #[schema(rename = "071")]
    Post,
    /// 하나은행
    #[schema(rename = "081")]
    Hana,
    /// 신한은행
    #[schema(rename = "088")]
    Shinhan,
    /// 케이뱅크
    #[schema(rename = "089")]
    KBank,
    /// 카카오뱅크
    #[schema(rename = "090")]
    Kakao,
    /// 토스뱅크
    #[schema(rename = "092")]
    Toss,
}

/// Where the seller is to be paid to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettlementAccount)]
pub(super) struct AccountBody {
    #[schema(value_type = BankWords, example = "004")]
    bank: Bank,
    /// 8 to 16 digits; hyphens between them do not matter.
    #[schema(pattern = "^[0-9]{8,16}$", example = "12345601234567")]
    number: String,
    /// Whose it is.
    #[schema(format = "text", min_length = 1, max_length = 50)]
    holder: String,
}

/// What is reviewed of a shop.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Registration)]
pub(super) struct RegistrationBody {
    /// The name of the shop.
    #[schema(format = "text", min_length = 1, max_length = 60, example = "역삼 할머니 치킨")]
    name: String,
    #[schema(value_type = CategoryWords)]
    category: Category,
    /// The telephone number for customers.
    #[schema(
        format = "phone",
        pattern = r"^(0[0-9]([ .-]?[0-9]){7,9}|\+[1-9]([ .-]?[0-9]){9,11})$",
        example = "02-555-0100"
    )]
    phone: String,
    seller: NewSellerBody,
    /// Where couriers pick up.
    #[schema(value_type = Position)]
    position: LatLon,
    account: AccountBody,
}

impl RegistrationBody {
    /// The registration and the account; what cannot be read has its pointer.
    pub(super) fn read(self) -> Result<(Registration, SettlementAccount), Refused> {
        let Self { name, category, phone, seller, position, account } = self;
        let business_number = seller.business_number.parse::<BusinessNumber>().map_err(|error| {
            Refused::field("/seller/business_number", fault::NOT_A_BUSINESS_NUMBER, error.to_string())
        })?;
        let NewSellerBody { business_name, representative, mail_order_number, address, .. } = seller;
        let seller = Seller { business_name, representative, business_number, mail_order_number, address };
        // District and neighbourhood come from the position.
        let (gu, dong) = (String::new(), String::new());
        let registration = Registration { name, category, phone, seller, position, gu, dong };
        let AccountBody { bank, number, holder } = account;
        Ok((registration, SettlementAccount { bank, number, holder }))
    }
}

/// A shop that an admin registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewShop)]
pub(super) struct NewShopBody {
    /// Whose it is.
    #[schema(value_type = Uuid)]
    owner_id: UserId,
    registration: RegistrationBody,
}

impl NewShopBody {
    /// The owner, the registration and the account.
    pub(super) fn read(self) -> Result<(UserId, Registration, SettlementAccount), Refused> {
        let (registration, account) =
            self.registration.read().map_err(|refused| refused.within(REGISTRATION))?;
        Ok((self.owner_id, registration, account))
    }
}
